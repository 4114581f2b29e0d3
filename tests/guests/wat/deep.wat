;; Calls itself 20,000 deep, which takes more than 512 KiB of stack.
(module
  (memory (export "memory") 20)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func $deeper (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (call $deeper (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (drop (call $deeper (i32.const 20000)))))
