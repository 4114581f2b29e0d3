;; Logs one line, whose length is the number of events that this instance has had (up to 64).
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (global $events (mut i32) (i32.const 0))
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (global.set $events (i32.add (global.get $events) (i32.const 1)))
    (memory.fill (i32.const 16) (i32.const 42) (global.get $events))
    (call $log (i32.const 16) (global.get $events) (i32.const 1))))
