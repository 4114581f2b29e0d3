;; Exports no allocator, so that the host keeps its own; logs the payload of each event.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (call $log (local.get $ptr) (local.get $len) (i32.const 1))))
