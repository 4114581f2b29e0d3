;; Returns the panel's address as two results.
(module
  (memory (export "memory") 20)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (data (i32.const 16) "https://panel.example.com/t/")
  ;; The address is at 16, and the ticket's id goes right behind it.
  (func $fill (param $id i32) (param $id_len i32) (result i32)
    (memory.copy (i32.const 44) (local.get $id) (local.get $id_len))
    (i32.add (local.get $id_len) (i32.const 28)))
  (func (export "render_panel") (param $id i32) (param $id_len i32) (result i32 i32)
    (i32.const 16)
    (call $fill (local.get $id) (local.get $id_len))))
