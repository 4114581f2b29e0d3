;; Exports malloc and free as TinyGo does; free traps for what malloc did not give.
;; Logs the payload of each event.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (global $given (mut i32) (i32.const 0))
  (func (export "malloc") (param i32) (result i32)
    (global.set $given (i32.const 8192))
    (i32.const 8192))
  (func (export "free") (param i32)
    (if (i32.ne (local.get 0) (global.get $given)) (then unreachable))
    (global.set $given (i32.const 0)))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (if (i32.eqz (global.get $given)) (then unreachable))
    (call $log (local.get $ptr) (local.get $len) (i32.const 1))))
