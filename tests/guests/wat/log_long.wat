;; Logs one line of 1 MiB, all of it the letter x.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 40)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (memory.fill (i32.const 1310720) (i32.const 120) (i32.const 1048576))
    (call $log (i32.const 1310720) (i32.const 1048576) (i32.const 1))))
