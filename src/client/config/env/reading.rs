//! Variables read one by one, and what they make together.

use std::ffi::OsString;

use super::settings::SETTINGS;
use super::{EnvError, EnvProblem, override_variable, variable};
use crate::ClientConfig;
use crate::client::config::written::WrittenClient;
use crate::config::written::WrittenOverride;
use crate::config::{Preset, Rule, Violation};

type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Reads every variable, and then what they make together.
pub(in super::super) fn read(
    prefix: &str,
    lookup: Lookup<'_>,
    unknown: Vec<EnvProblem>,
) -> Result<ClientConfig, EnvError> {
    let mut reading = Reading {
        prefix,
        lookup,
        written: WrittenClient::default(),
        given: Vec::new(),
        broken: Vec::new(),
        problems: Vec::new(),
    };
    reading.settings();
    reading.overrides();
    reading.problems.extend(unknown);
    reading.finish()
}

struct Reading<'a> {
    prefix: &'a str,
    lookup: Lookup<'a>,
    written: WrittenClient,
    /// The settings that were read.
    given: Vec<&'static str>,
    /// Those that are there and could not be read.
    broken: Vec<&'static str>,
    problems: Vec<EnvProblem>,
}

impl Reading<'_> {
    fn settings(&mut self) {
        for (setting, read) in SETTINGS {
            let name = variable(self.prefix, setting);
            let Some(text) = self.text(&name) else {
                continue;
            };
            match text.and_then(|text| read(&mut self.written, &text)) {
                Ok(()) => self.given.push(setting),
                Err(problem) => {
                    self.broken.push(setting);
                    let text = format!(" is {problem}");
                    self.problems.push(EnvProblem::of(name, text));
                }
            }
        }
    }

    fn overrides(&mut self) {
        for &rule in Rule::ALL {
            let name = override_variable(self.prefix, rule);
            match self.text(&name) {
                None => {}
                Some(Ok(rationale)) => {
                    let overrides = &mut self.written.policy.overrides;
                    overrides.push(WrittenOverride { rule, rationale });
                }
                Some(Err(problem)) => {
                    let text = format!(" is {problem}");
                    self.problems.push(EnvProblem::of(name, text));
                }
            }
        }
    }

    /// What the variable holds, if it is there.
    fn text(&self, name: &str) -> Option<Result<String, String>> {
        let text = (self.lookup)(name)?.into_string();
        Some(match text.as_deref().map(str::trim) {
            Ok("") => Err("blank: give it a value, or leave it out".into()),
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err("not Unicode: write it in UTF-8".into()),
        })
    }

    fn finish(mut self) -> Result<ClientConfig, EnvError> {
        let refused = match self.written.clone().build() {
            Ok(config) if self.problems.is_empty() => return Ok(config),
            Ok(_) => Vec::new(),
            Err(violations) => violations,
        };
        let more = self.whatever_the_preset();
        for violation in refused.iter().chain(&more) {
            // What could not be read was said already, and its default is not what was meant.
            let is_said = |setting| self.broken.contains(setting);
            if !violation.settings().iter().any(is_said) {
                let problem = self.problem(violation);
                self.problems.push(problem);
            }
        }
        Err(EnvError {
            problems: self.problems,
        })
    }

    /// Without a preset nothing is known of what was left out. What was given can still be wrong.
    fn whatever_the_preset(&self) -> Vec<Violation> {
        let mut written = self.written.clone();
        if written.policy.preset.is_some() {
            return Vec::new();
        }
        written.policy.preset = Some(Preset::Internal);
        let mut violations = written
            .policy
            .build()
            .map_or_else(|refused| refused.violations().to_vec(), |_| Vec::new());
        let is_given = |setting| self.given.contains(setting);
        violations.retain(|violation| violation.settings().iter().all(is_given));
        violations
    }

    fn problem(&self, violation: &Violation) -> EnvProblem {
        let settings = violation.settings();
        let is_missing = matches!(settings, ["url" | "preset" | "provider"])
            && !self.given.contains(&settings[0]);
        let way_out = violation.rule().map_or_else(String::new, |rule| {
            format!("`{}`", override_variable(self.prefix, rule))
        });
        let mut text = String::from(if is_missing { " is missing: " } else { ": " });
        violation
            .write(&mut text, &way_out)
            .expect("a string takes whatever is written");
        EnvProblem {
            variables: settings
                .iter()
                .map(|setting| variable(self.prefix, setting))
                .collect(),
            text,
        }
    }
}
