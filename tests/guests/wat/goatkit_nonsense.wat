;; A GoatKit plugin whose registration is a list.
(module
  (memory (export "memory") 1)
  (data (i32.const 8) "[1,2]")
  (func (export "gk_malloc") (param i32) (result i32) i32.const 1024)
  (func (export "gk_call") (param i32 i32 i32 i32) (result i64) i64.const 0)
  (func (export "gk_register") (result i64)
    (i64.or (i64.shl (i64.const 8) (i64.const 32)) (i64.const 5))))
