;; Exports no memory: refused.
(module
  (memory 1)
  (func (export "on_event") (param $ptr i32) (param $len i32)))
