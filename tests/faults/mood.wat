;; Does what the event's payload says: "~t" traps, "~l" loops for ever, "~g" logs and loops,
;; and anything else returns at once.
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 4)
  (data (i32.const 16) "begun")
  ;; One buffer is enough: the host holds one payload at a time.
  (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "ohd_free") (param i32 i32))
  (func $forever (loop $again (br $again)))
  (func $obey (param $mood i32)
    (if (i32.eq (local.get $mood) (i32.const 116)) (then (unreachable)))
    (if (i32.eq (local.get $mood) (i32.const 103))
      (then (call $log (i32.const 16) (i32.const 5) (i32.const 1)) (call $forever)))
    (if (i32.eq (local.get $mood) (i32.const 108)) (then (call $forever))))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $ptr) (local.get $len)))
    (loop $next
      (if (i32.eq (i32.load8_u (local.get $ptr)) (i32.const 126))
        (then (call $obey (i32.load8_u offset=1 (local.get $ptr)))))
      (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $ptr) (local.get $end))))))
