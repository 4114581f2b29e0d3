;; Exports an allocator of the wrong signature.
(module
  (memory (export "memory") 20)
  (func (export "ohd_alloc") (param i64) (result i64) (i64.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)))
