;; Its allocator hands out memory that holds its own data; the host cannot know, and need not.
(module
  (memory (export "memory") 20)
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 16))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)))
