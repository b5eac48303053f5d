//! Doubles of the outside world that behave like it.
