;; Exports no allocator, and a memory that cannot grow.
(module
  (memory (export "memory") 1 1)
  (func (export "on_event") (param $ptr i32) (param $len i32)))
