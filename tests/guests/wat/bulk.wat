;; Fills 4 MiB over and over: one instruction takes long, and epochs are seen only between two.
(module
  (memory (export "memory") 84)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (loop $again
      (memory.fill (i32.const 1048576) (local.get $len) (i32.const 4194304))
      (br $again))))
