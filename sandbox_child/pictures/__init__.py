"""Small pictures of large ones, made where a decoder that is taken over can do no harm.

::

    process   a new fork becomes a picture process: load, lock down, make one picture, end
    small     a picture in, a small one out; pure

Decoding is Pillow's, by the four readers of ``small`` alone.
"""
