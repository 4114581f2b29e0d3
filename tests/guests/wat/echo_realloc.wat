;; Exports cabi_realloc alone; traps unless it is called as (0, 0, align, size).
;; Logs the payload of each event.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (func (export "cabi_realloc")
    (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.or (local.get $old) (local.get $old_size)) (then unreachable))
    (if (i32.eqz (local.get $align)) (then unreachable))
    (i32.const 4096))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (call $log (local.get $ptr) (local.get $len) (i32.const 1))))
