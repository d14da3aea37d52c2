//! Policies from files, and into them.

mod fields;
mod provider;
mod refused;
mod round_trip;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;

fn from_toml<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn toml_error<T: DeserializeOwned>(text: &str) -> String {
    match toml::from_str::<T>(text) {
        Ok(_) => panic!("it is taken: {text}"),
        Err(error) => error.to_string(),
    }
}

fn to_toml(value: &impl Serialize) -> String {
    toml::to_string(value).expect("it can be written")
}
