;; Logs the payload of each event as it is.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (call $log (local.get $ptr) (local.get $len) (i32.const 1))))
