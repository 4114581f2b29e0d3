;; A command: _start leaves by proc_exit(0) and the instance stays usable; then it logs each event.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 20)
  (global $ready (mut i32) (i32.const 0))
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "_start")
    (global.set $ready (i32.const 1))
    (call $exit (i32.const 0)))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (if (i32.eqz (global.get $ready)) (then unreachable))
    (call $log (local.get $ptr) (local.get $len) (i32.const 1))))
