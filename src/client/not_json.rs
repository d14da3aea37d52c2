//! JSON that could not be read, without what it says.

use std::error::Error;
use std::fmt;

use serde_json::error::Category;

/// Where the JSON of a body is not as expected. The parser's own text may quote the body.
#[derive(Debug)]
pub(super) struct NotJson {
    category: Category,
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for NotJson {
    fn from(error: &serde_json::Error) -> Self {
        Self {
            category: error.classify(),
            line: error.line(),
            column: error.column(),
        }
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.category {
            Category::Eof => "it ends too early",
            Category::Data => "a value is missing or of another type than expected",
            Category::Syntax | Category::Io => "it is not JSON",
        };
        write!(f, "{problem}, at line {} column {}", self.line, self.column)
    }
}

impl Error for NotJson {}
