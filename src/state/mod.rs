//! State in a folder of this machine.
