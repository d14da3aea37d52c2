//! A client from a file and from the environment.

mod env;
mod file;
