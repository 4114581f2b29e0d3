;; Leaves by proc_exit(0) in every event, with its shadow stack where it was: as C's exit(0) does.
;; An instance that is used again has no stack left after seven events, and traps.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 20)
  (global $stack (mut i32) (i32.const 65536))
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 131072))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (global.set $stack (i32.sub (global.get $stack) (i32.const 9000)))
    (i32.store (global.get $stack) (i32.const 1))
    (if (i32.lt_s (global.get $stack) (i32.const 1024)) (then unreachable))
    (call $exit (i32.const 0))))
