;; Starts with the usual limit of memory, and loops where 20 MiB are not to be had.
(module
  (memory (export "memory") 20)
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func $start (if (i32.eq (memory.grow (i32.const 300)) (i32.const -1)) (then (loop $again (br $again)))))
  (start $start)
  (func (export "on_event") (param $ptr i32) (param $len i32)))
