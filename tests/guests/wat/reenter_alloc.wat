;; Asks the host for memory from within its own allocator, without end.
(module
  (import "ohd" "ohd_alloc" (func $host_alloc (param i32) (result i32)))
  (memory (export "memory") 20)
  (func (export "ohd_alloc") (param i32) (result i32)
    (call $host_alloc (local.get 0)))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)))
