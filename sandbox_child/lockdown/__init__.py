"""Locking the calling process down for good: what is left is worth nothing to a burglar.

``order`` says in which order the steps work and runs them; each other module owns one mechanism
of the kernel. Linux only. Everything goes through ctypes: no dependency, nothing imported later.
"""
