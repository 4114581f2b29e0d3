;; A panel for browser tests: {{ADDRESS}} with the ticket's id behind it, or {{BEHAVIOUR}} first.
(module
  (memory (export "memory") 2)
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 8192))
  (func (export "ohd_free") (param i32 i32))
  (data (i32.const 16) "{{ADDRESS}}")
  (func (export "render_panel") (param $id i32) (param $length i32) (result i32 i32)
    {{BEHAVIOUR}}
    (memory.copy (i32.const {{END}}) (local.get $id) (local.get $length))
    (i32.const 16)
    (i32.add (local.get $length) (i32.const {{LENGTH}}))))
