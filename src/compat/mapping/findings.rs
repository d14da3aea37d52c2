//! What the mapping has to say.

use crate::compat::Notice;
use crate::{Rule, Violation};

/// What was changed, and what is refused.
pub(super) struct Findings<'a> {
    overrides: &'a [(Rule, String)],
    notices: Vec<Notice>,
    violations: Vec<Violation>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(overrides: &'a [(Rule, String)]) -> Self {
        let mut findings = Self {
            overrides,
            notices: Vec::new(),
            violations: Vec::new(),
        };
        for (rule, _) in overrides.iter().filter(|(_, why)| why.trim().is_empty()) {
            let problem = format!("the rationale for `{rule}` is blank");
            findings.refuse(&["overrides"], problem, "say why it is safe here");
        }
        findings
    }

    /// Whether somebody has said why this rule need not hold.
    pub(super) fn allows(&self, rule: Rule) -> bool {
        self.overrides.iter().any(|(allowed, _)| *allowed == rule)
    }

    /// A setting means something else than it did.
    pub(super) fn change(
        &mut self,
        field: &'static str,
        was: impl Into<String>,
        now: impl Into<String>,
        why: &'static str,
    ) {
        let (was, now) = (was.into(), now.into());
        self.notices.push(Notice {
            field,
            was,
            now,
            why,
        });
    }

    /// What no rationale can excuse.
    pub(super) fn refuse(
        &mut self,
        fields: &'static [&'static str],
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.refuse_as(Violation::nonsense(fields, problem, fix));
    }

    pub(super) fn refuse_as(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// What is refused unless the rule is overridden.
    pub(super) fn refuse_unless_allowed(
        &mut self,
        rule: Rule,
        fields: &'static [&'static str],
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if !self.allows(rule) {
            self.refuse_as(Violation::of(rule, fields, problem, fix));
        }
    }

    pub(super) fn into_parts(self) -> (Vec<Notice>, Vec<Violation>) {
        (self.notices, self.violations)
    }
}
