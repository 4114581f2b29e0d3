;; Imports what no host of ours gives: refused, and each is named.
(module
  (import "env" "do_magic" (func (param i32)))
  (import "ohd" "ohd_delete_ticket" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_teleport" (func (result i32)))
  (import "env" "memory" (memory 1))
  (export "memory" (memory 0))
  (func (export "on_event") (param $ptr i32) (param $len i32)))
