//! A header whose value is in an environment variable.

/// `authorization: Bearer env:PAYMENTS_TOKEN`, say. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    /// What stands before the secret, its space included.
    scheme: String,
    variable: String,
}

impl Header {
    /// What is wrong is not shown: it may be a secret that was typed.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once(':') else {
            return Err("--header has no colon; write 'name: env:VARIABLE'".to_owned());
        };
        let wrong = || {
            "--header does not end with a variable; a value on the command line can be seen by \
             others, so put it into one and write 'name: env:VARIABLE'"
                .to_owned()
        };
        let (scheme, variable) = value.trim().rsplit_once("env:").ok_or_else(wrong)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_apart = scheme.is_empty() || scheme.ends_with(' ');
        if variable.is_empty() || !variable.chars().all(is_name) || !is_apart {
            return Err(wrong());
        }
        Ok(Self {
            name: name.trim().to_owned(),
            scheme: scheme.to_owned(),
            variable: variable.to_owned(),
        })
    }

    pub(crate) fn value(&self, of: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let Self {
            name,
            scheme,
            variable,
        } = self;
        match of(variable) {
            Some(secret) if !secret.trim().is_empty() => Ok(format!("{scheme}{secret}")),
            _ => Err(format!(
                "--header {name:?} needs the variable {variable}, which is not set, empty or not \
                 UTF-8; set it"
            )),
        }
    }
}
