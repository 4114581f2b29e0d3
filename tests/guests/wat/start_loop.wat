;; Its start function never returns.
(module
  (memory (export "memory") 20)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func $start (loop $again (br $again)))
  (start $start)
  (func (export "on_event") (param $ptr i32) (param $len i32)))
