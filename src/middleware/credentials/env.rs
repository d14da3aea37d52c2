//! A credential from the environment.

use std::env::{self, VarError};

use super::{Credential, CredentialError};

/// The credential in an environment variable, read now: a process's environment does not change.
///
/// `make` says what it is: [`Credential::bearer`], or `|key| Credential::header("x-api-key", key)`.
///
/// # Errors
///
/// The variable's name, if it is not set, is empty, or holds no usable credential.
///
/// ```
/// use seawall::Credential;
/// use seawall::credentials::from_env;
///
/// let missing = from_env("GATEWAY_KEY_THAT_NOBODY_SET", Credential::bearer).unwrap_err();
/// assert!(missing.to_string().contains("`GATEWAY_KEY_THAT_NOBODY_SET`: it is not set"));
/// ```
pub fn from_env(
    name: &str,
    make: impl FnOnce(&str) -> Result<Credential, CredentialError>,
) -> Result<Credential, CredentialError> {
    read(name, env::var(name), make)
}

fn read(
    name: &str,
    value: Result<String, VarError>,
    make: impl FnOnce(&str) -> Result<Credential, CredentialError>,
) -> Result<Credential, CredentialError> {
    let wrong = |problem| CredentialError::Variable {
        name: name.to_owned(),
        problem,
    };
    let text = value.map_err(|error| match error {
        VarError::NotPresent => wrong("it is not set"),
        VarError::NotUnicode(_) => wrong("it is not text"),
    })?;
    make(&text).map_err(|error| match error {
        CredentialError::Invalid(problem) => wrong(problem),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(value: Result<&str, VarError>) -> String {
        let value = value.map(str::to_owned);
        let error = read("GATEWAY_KEY", value, Credential::bearer).unwrap_err();
        error.to_string()
    }

    #[test]
    fn what_is_wrong_names_the_variable_and_not_its_value() {
        let missing = problem(Err(VarError::NotPresent));
        assert_eq!(
            missing,
            "the environment variable `GATEWAY_KEY`: it is not set; set it to the credential"
        );
        assert!(problem(Ok("")).contains("`GATEWAY_KEY`: it is empty"));
        for text in ["s3cret\n", "s3cret s3cret\u{7}"] {
            let problem = problem(Ok(text));
            assert!(problem.contains("`GATEWAY_KEY`"), "{problem}");
            assert!(!problem.contains("s3cret"), "{problem}");
        }
    }

    #[test]
    fn what_is_set_is_read() {
        let made = read("GATEWAY_KEY", Ok("s3cret".to_owned()), Credential::bearer);
        let expected = Credential::bearer("s3cret").unwrap();
        assert!(made.unwrap().is_same_as(&expected));
        assert!(from_env("CARGO_PKG_NAME", Credential::bearer).is_ok());
    }
}
