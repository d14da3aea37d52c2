//! A credential in a file, read from a real one.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::{CredentialFile, from_file};
use super::*;

/// A directory that is gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("seawall-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes the file in one step.
    fn write(&self, text: &str) -> PathBuf {
        let (new, path) = (self.0.join("new"), self.0.join("key"));
        fs::write(&new, text).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(path: &Path) -> CredentialFile {
    from_file(path, Credential::bearer).unwrap()
}

fn token(file: &CredentialFile) -> String {
    let value = file.current().unwrap().into_value();
    value.to_str().unwrap().replace("Bearer ", "")
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_swapped_takes_effect_on_the_next_attempt() {
    let directory = Directory::new("swapped");
    let upstream = Script::new([]);
    let signed = Signed::new(&upstream, open(&directory.write("a\n")));
    signed.send(put()).await.unwrap();
    directory.write("b\r\n");
    pass(secs(1)).await;
    signed.send(put()).await.unwrap();
    assert_eq!(tokens(&upstream), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn it_is_looked_at_once_a_second_at_most() {
    let directory = Directory::new("once");
    let file = open(&directory.write("a"));
    pass(millis(999)).await;
    assert_eq!(token(&file), "a");
    directory.write("b");
    assert_eq!(token(&file), "a");
    pass(millis(1)).await;
    assert_eq!(token(&file), "b");
    directory.write("c");
    assert_eq!(token(&file), "b");
}

#[tokio::test(start_paused = true)]
async fn a_401_reads_it_at_once() {
    let directory = Directory::new("refused");
    let upstream = Script::new([status(401)]);
    let signed = Signed::new(&upstream, open(&directory.write("a")));
    directory.write("b");
    assert_eq!(answered(&signed.send(put()).await), 200);
    assert_eq!(tokens(&upstream), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_or_vanished_file_keeps_the_last_good_credential_and_says_so_once() {
    let log = Log::new();
    let directory = Directory::new("lost");
    let path = directory.write("s3cret");
    let file = open(&path);
    let lost = ["", "\n\n", "two\nlines", "control\u{7}"];
    for text in lost {
        directory.write(text);
        pass(secs(1)).await;
        assert_eq!(token(&file), "s3cret", "{text:?}");
    }
    fs::remove_file(&path).unwrap();
    pass(secs(1)).await;
    assert_eq!(token(&file), "s3cret");
    assert_eq!(log.count("credential file lost"), 1);
    assert!(log.text().contains("key"), "it is named");

    directory.write("b");
    pass(secs(1)).await;
    assert_eq!(token(&file), "b");
    assert_eq!(log.count("credential file found again"), 1);
    let shown = format!("{} {file:?}", log.text());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_secret_that_kubernetes_swaps_by_its_links_is_seen() {
    use std::os::unix::fs::symlink;
    let directory = Directory::new("links");
    let at = |name: &str| directory.0.join(name);
    let version = |name, token| {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("key"), token).unwrap();
        symlink(name, at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
    };
    version("..1", "a");
    symlink("..data/key", at("key")).unwrap();
    let file = open(&at("key"));
    assert_eq!(token(&file), "a");
    version("..2", "b");
    fs::remove_dir_all(at("..1")).unwrap();
    pass(secs(1)).await;
    assert_eq!(token(&file), "b");
}

#[tokio::test(start_paused = true)]
async fn a_byte_order_mark_is_no_part_of_it() {
    let directory = Directory::new("marked");
    let file = open(&directory.write("\u{feff}a\r\n"));
    assert_eq!(token(&file), "a");
    // Anywhere else it is refused, as nobody can see it.
    let marked = directory.write("a\u{feff}");
    let error = from_file(marked, Credential::bearer).unwrap_err();
    assert!(error.to_string().contains("visible ASCII"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_first_does_not_replace_what_was_read_last() {
    use std::sync::mpsc;
    let directory = Directory::new("late");
    let path = directory.write("first");
    let ((entered, is_in), (finished, is_over)) = (mpsc::channel(), mpsc::channel());
    let is_over = Mutex::new(is_over);
    let make = move |token: &str| {
        if token == "old" {
            entered.send(()).unwrap();
            // Until the other look has overtaken this one, if it can.
            let _ = is_over.lock().unwrap().recv_timeout(millis(100));
        }
        Credential::bearer(token)
    };
    let file = Arc::new(from_file(path, make).unwrap());
    let look = || {
        let file = Arc::clone(&file);
        tokio::spawn(async move { file.refresh().await })
    };
    directory.write("old");
    let early = look();
    is_in.recv().unwrap();
    directory.write("new");
    look().await.unwrap().unwrap();
    let _ = finished.send(());
    early.await.unwrap().unwrap();
    assert_eq!(token(&file), "new");
}

#[test]
fn what_is_wrong_with_it_is_said_with_the_fix() {
    let directory = Directory::new("told");
    let problem = |path: &Path| from_file(path, Credential::bearer).unwrap_err().to_string();
    let key = directory.write("");
    let told = problem(&key);
    assert!(
        told.ends_with("it is empty; write the credential into it, and nothing else"),
        "{told}"
    );
    fs::write(&key, b"s3cret\xff").unwrap();
    assert!(problem(&key).contains("it is not UTF-8"));
    fs::write(&key, "s".repeat(64 * 1024 + 1)).unwrap();
    assert!(problem(&key).contains("longer than 64 KiB"));
    assert!(problem(&directory.0).contains("no regular file"));
    assert!(problem(&directory.0.join("no-such")).contains("there is none"));
}

#[test]
fn what_cannot_be_read_at_first_is_an_error_that_names_the_path() {
    let directory = Directory::new("wrong");
    let missing = from_file(directory.0.join("no-such"), Credential::bearer).unwrap_err();
    assert!(missing.to_string().contains("no-such"), "{missing}");
    assert!(
        from_file(&directory.0, Credential::bearer).is_err(),
        "a directory"
    );
    for text in [
        String::new(),
        "s3cret ".to_owned(),
        "s".repeat(64 * 1024 + 1),
    ] {
        let path = directory.write(&text);
        let error = from_file(path, Credential::bearer).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("key") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
