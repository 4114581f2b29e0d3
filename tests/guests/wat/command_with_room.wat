;; A command whose _start leaves by proc_exit(1) where 20 MiB are not to be had.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 20)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "_start") (if (i32.eq (memory.grow (i32.const 300)) (i32.const -1)) (then (call $exit (i32.const 1)))))
  (func (export "on_event") (param $ptr i32) (param $len i32)))
