//! Files that make no sense: each is refused whole, and says all that is wrong.

use super::*;

/// Why a file with this text is refused at the start.
fn refusal_of(name: &str, text: &str) -> String {
    let directory = Directory::new(name);
    let path = directory.write(text);
    let (control, files) = observed();
    let why = why(control.watch(&path), &path);
    assert!(control.upstreams().is_empty() && files.take().is_empty());
    why
}

#[track_caller]
fn says(why: &str, parts: &[&str]) {
    for part in parts {
        assert!(why.contains(part), "{part:?} is not in {why:?}");
    }
}

const UPSTREAM: &str = "[upstreams.\"https://gateway.test\"]\n";

#[tokio::test]
async fn an_unknown_field_is_refused_at_every_level_with_what_may_be_meant() {
    let text = format!(
        "rate = 1\n{UPSTREAM}rat = 2\nlift = \"x\"\n\
         open = {{ untill = \"x\", reason = \"x\", from = \"x\" }}\n\
         [[upstreams.\"https://gateway.test\".maintenance]]\nform = \"x\"\n"
    );
    let why = refusal_of("unknown", &text);
    says(
        &why,
        &[
            "`rate` is no field: there are upstreams",
            "`upstreams.\"https://gateway.test\".rat` is no field: write `rate` if that is meant",
            ".lift` is no field: there are open, maintenance, rate, lift_gates_closed_before",
            ".open.untill` is no field: write `until`",
            ".open.from` is no field: there are until, reason",
            ".maintenance.form` is no field: write `from`",
        ],
    );
}

#[tokio::test]
async fn what_is_no_toml_or_of_another_type_names_the_line_and_shows_nothing_of_it() {
    let why = refusal_of("no-toml", "\n\n[upstreams\ns3cret = 1");
    says(&why, &["line 3: "]);
    let text = format!("{UPSTREAM}rate = 1\nlift_gates_closed_before = \"s3cret\"\n");
    let why = refusal_of("no-moment", &text);
    says(&why, &["line 3: ", "RFC 3339", "\"2026-11-20T12:20:00Z\""]);
    assert!(!why.contains("s3cret"));
    says(
        &refusal_of(
            "no-until",
            &format!("{UPSTREAM}open = {{ reason = \"x\" }}\n"),
        ),
        &["line 2: ", "until"],
    );
}

#[tokio::test]
async fn values_that_make_no_sense_are_all_named() {
    let (day, far) = (secs(86_400), after(secs(40 * 86_400)));
    let at = |at: SystemTime| format!("{:?}", written(at));
    let text = format!(
        "[upstreams.\"https://a.test\"]\nrate = -1\n\
         [upstreams.\"https://b.test\"]\nopen = {{ until = {}, reason = \"x\" }}\n\
         [upstreams.\"https://c.test\"]\nopen = {{ until = {}, reason = \" \" }}\n\
         [[upstreams.\"https://d.test\".maintenance]]\nfrom = {}\nuntil = {}\nreason = \"x\"\n\
         [upstreams.\"https://e.test\"]\nlift_gates_closed_before = {}\n\
         [upstreams.\"f.test\"]\n\
         [upstreams.\"https://g.test\"]\n[upstreams.\"https://G.test:443\"]\n\
         [upstreams.\"https://h.test\"]\nrate = 1\n",
        at(far),
        at(after(day)),
        at(after(day)),
        at(after(day) - secs(60)),
        at(after(day)),
    );
    let why = refusal_of("nonsense", &text);
    says(
        &why,
        &[
            "upstreams.\"https://a.test\".rate: the rate is -1",
            "upstreams.\"https://b.test\".open: the end is 3",
            "upstreams.\"https://c.test\".open: the reason is blank",
            "upstreams.\"https://d.test\".maintenance: the beginning must be before the end",
            "upstreams.\"https://e.test\".lift_gates_closed_before: it lies ahead",
            "\"f.test\" names no upstream",
            "is there twice",
        ],
    );
    assert!(!why.contains("h.test"), "{why}");
}

#[tokio::test]
async fn too_many_plans_are_refused() {
    let plan = planned(after(secs(60)), after(secs(90)));
    assert!(refusal_of("many", &plan.repeat(65)).contains("64"));
}

#[tokio::test(start_paused = true)]
async fn a_bad_edit_changes_nothing_and_is_told_once() {
    let directory = Directory::new("bad-edit");
    directory.write(&rate("50"));
    let (control, files) = observed();
    let _watch = watched(&control, &directory);
    files.take();
    // One good entry beside a bad one.
    let half_good = rate("7") + "[upstreams.\"https://other.test\"]\nrat = 1\n";
    directory.edit(&half_good).await;
    pass(secs(30)).await;
    let told = files.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("refused: ") && told[0].contains("write `rate`"));
    assert_eq!(rate_of(&control), Some(50.0));
    assert_eq!(control.upstreams(), [GATEWAY]);

    directory.edit(&rate("7")).await;
    assert_eq!(rate_of(&control), Some(7.0));
    assert_eq!(files.take(), ["applied"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_gone_changes_nothing_and_is_seen_when_it_is_back() {
    let directory = Directory::new("gone");
    let path = directory.write(&rate("50"));
    let (control, files) = observed();
    let _watch = watched(&control, &directory);
    fs::remove_file(&path).unwrap();
    pass(secs(30)).await;
    assert_eq!(rate_of(&control), Some(50.0));
    directory.edit(&rate("50")).await;
    directory.edit(&rate("7")).await;
    assert_eq!(rate_of(&control), Some(7.0));
    let gone = "refused: it cannot be read: entity not found";
    assert_eq!(files.take(), ["applied", gone, "applied", "applied"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_at_the_start_is_an_error() {
    let directory = Directory::new("none");
    let (control, _files) = observed();
    let path = directory.path();
    assert!(why(control.watch(&path), &path).contains("entity not found"));
    assert!(control.watch(&directory.0).is_err(), "no file at all");
    assert!(control.watch("/dev/null").is_err(), "nor is a device");
    let long = directory.write(&"#".repeat(1024 * 1024 + 1));
    assert!(why(control.watch(&long), &long).contains("too large"));
}

#[test]
fn without_a_runtime_there_is_nothing_to_watch_it_on() {
    let directory = Directory::new("no-runtime");
    let path = directory.write("");
    let (control, _files) = observed();
    assert!(why(control.watch(&path), &path).contains("runtime"));
}

#[tokio::test(start_paused = true)]
async fn what_an_editor_leaves_at_the_ends_of_lines_and_of_the_file_is_no_mistake() {
    let directory = Directory::new("editor");
    directory.write(&rate("50").replace('\n', "\r\n"));
    let (control, files) = observed();
    let _watch = watched(&control, &directory);
    assert_eq!(rate_of(&control), Some(50.0));
    directory.edit(&format!("\u{feff}{}", rate("7"))).await;
    assert_eq!(rate_of(&control), Some(7.0));
    directory.edit(rate("8").trim_end()).await;
    assert_eq!(rate_of(&control), Some(8.0));
    assert_eq!(files.take(), ["applied"; 3]);
}

#[tokio::test(start_paused = true)]
async fn each_bad_edit_is_refused_and_the_last_good_one_stays_in_force() {
    let directory = Directory::new("bad-edits");
    let path = directory.write(&rate("50"));
    let (control, files) = observed();
    let _watch = watched(&control, &directory);
    files.take();
    let twice = rate("1") + "rate = 2\n";
    let bad = [
        (rate("1") + &rate("2"), "duplicate"),
        (twice, "duplicate"),
        (rate("nan"), "NaN"),
        (rate("inf"), "inf"),
        (rate("0"), "above 0"),
        (rate("\"50\""), "invalid type"),
        ("upstreams = 1".to_owned(), "invalid type"),
        (
            "[upstreams.\"https://me:s3cret@gateway.test\"]".to_owned(),
            "names no upstream",
        ),
        (
            "[upstreams.\"https://gateway.test/v1?key=s3cret\"]".to_owned(),
            "names no upstream",
        ),
        ("[upstreams.\"\"]".to_owned(), "names no upstream"),
        ("\u{0}".to_owned(), "line 1"),
        ("#".repeat(1024 * 1024 + 1), "too large"),
    ];
    for (text, part) in bad {
        directory.edit(&text).await;
        let told = files.take().join("\n");
        assert!(
            told.starts_with("refused: ") && told.contains(part),
            "{part}: {told}"
        );
        assert!(!told.contains("s3cret"), "{told}");
        assert_eq!(rate_of(&control), Some(50.0));
    }
    fs::write(&path, [0xff, 0xfe, b'\n']).unwrap();
    looked_at().await;
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    looked_at().await;
    assert_eq!(files.take().len(), 2);
    fs::remove_dir(&path).unwrap();
    directory.edit("").await;
    assert_eq!((rate_of(&control), files.take().len()), (None, 1));
}
