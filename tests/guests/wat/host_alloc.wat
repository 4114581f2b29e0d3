;; Gets a buffer by the imported ohd_alloc, writes into it, logs from it and frees it.
(module
  (import "ohd" "ohd_alloc" (func $host_alloc (param i32) (result i32)))
  (import "ohd" "ohd_free" (func $host_free (param i32 i32)))
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "from a host buffer")
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (local $buffer i32)
    (local.set $buffer (call $host_alloc (i32.const 18)))
    (memory.copy (local.get $buffer) (i32.const 16) (i32.const 18))
    (call $log (local.get $buffer) (i32.const 18) (i32.const 1))
    (call $host_free (local.get $buffer) (i32.const 18))))
