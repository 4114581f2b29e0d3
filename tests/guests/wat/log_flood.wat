;; Logs a line of 9 bytes 100,000 times an event.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (data (i32.const 16) "log flood")
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (local $left i32)
    (local.set $left (i32.const 100000))
    (loop $again
      (call $log (i32.const 16) (i32.const 9) (i32.const 1))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
