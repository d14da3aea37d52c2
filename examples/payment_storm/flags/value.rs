//! One value of a flag: read, checked, and named when it is wrong.

use super::FlagError;
use crate::fleet::Fleet;
use crate::model::scenario::RetryAfter;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

const FAULT: &str = "commit-then-drop=";

/// A value with the flag it belongs to, and a value that would be right.
pub(super) struct Value<'a> {
    flag: &'a str,
    raw: OsString,
    example: &'static str,
}

impl<'a> Value<'a> {
    pub(super) fn of(
        parser: &mut lexopt::Parser,
        flag: &'a str,
        example: &'static str,
    ) -> Result<Self, FlagError> {
        match parser.value() {
            Ok(raw) => Ok(Self { flag, raw, example }),
            Err(_) => Err(FlagError(format!(
                "--{flag} has no value; give one, such as --{flag} {example}"
            ))),
        }
    }

    pub(super) fn whole<T>(&self, least: T, most: T) -> Result<T, FlagError>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        // `parse` takes a plus sign; a whole number has none.
        let number = self
            .text()
            .filter(|text| !text.starts_with('+'))
            .and_then(|t| t.parse().ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.wrong(&format!("a whole number from {least} to {most}")))
    }

    pub(super) fn real(&self, least: f64, most: f64) -> Result<f64, FlagError> {
        let number = self.text().and_then(|text| text.parse::<f64>().ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.wrong(&format!("a number from {least} to {most}")))
    }

    pub(super) fn duration(&self, most: Duration) -> Result<Duration, FlagError> {
        let least = Duration::from_millis(1);
        let duration = self
            .text()
            .and_then(|text| humantime::parse_duration(text).ok());
        duration
            .filter(|duration| (least..=most).contains(duration))
            .ok_or_else(|| {
                self.wrong(&format!(
                    "a duration with its unit, from 1ms to {}",
                    humantime::format_duration(most)
                ))
            })
    }

    pub(super) fn whole_seconds(&self, most: Duration) -> Result<Duration, FlagError> {
        let duration = self
            .text()
            .and_then(|text| humantime::parse_duration(text).ok());
        let whole = |duration: &Duration| duration.subsec_nanos() == 0 && !duration.is_zero();
        duration
            .filter(|duration| whole(duration) && *duration <= most)
            .ok_or_else(|| {
                self.wrong(&format!(
                    "a duration of whole seconds with its unit, from 1s to {}",
                    humantime::format_duration(most)
                ))
            })
    }

    pub(super) fn retry_after(&self) -> Result<RetryAfter, FlagError> {
        match self.text() {
            Some("date") => Ok(RetryAfter::Date),
            Some("none") => Ok(RetryAfter::None),
            _ => match self.whole(0, u64::MAX) {
                Ok(seconds) => Ok(RetryAfter::Seconds(seconds)),
                Err(_) => Err(self.wrong("a whole number of seconds, date or none")),
            },
        }
    }

    pub(super) fn fault(&self) -> Result<f64, FlagError> {
        let probability = self
            .text()
            .and_then(|text| text.strip_prefix(FAULT)?.parse().ok());
        probability
            .filter(|probability| (0.0..=1.0).contains(probability))
            .ok_or_else(|| self.wrong("commit-then-drop=P with P from 0 to 1"))
    }

    pub(super) fn fleets(&self) -> Result<Vec<Fleet>, FlagError> {
        let text = self.text();
        if text == Some("all") {
            return Ok(Fleet::ALL.to_vec());
        }
        let fleet = Fleet::ALL
            .into_iter()
            .find(|fleet| text == Some(fleet.name()));
        fleet.map(|fleet| vec![fleet]).ok_or_else(|| {
            self.wrong(&format!(
                "all or one of {}",
                Fleet::ALL.map(Fleet::name).join(", ")
            ))
        })
    }

    pub(super) fn path(&self) -> Result<PathBuf, FlagError> {
        if self.raw.is_empty() {
            return Err(self.wrong("the name of a file to write"));
        }
        Ok(PathBuf::from(&self.raw))
    }

    fn text(&self) -> Option<&str> {
        self.raw.to_str()
    }

    /// The debug form of the value keeps the message on one line, whatever was typed.
    fn wrong(&self, wanted: &str) -> FlagError {
        let Self { flag, example, .. } = self;
        let raw = self.raw.to_string_lossy();
        FlagError(format!(
            "--{flag} {raw:?} is not {wanted}; write --{flag} {example}, for one"
        ))
    }
}
