//! How long a file is watched, and by which path.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_swapped_by_a_symbolic_link_is_seen() {
    let directory = Directory::new("symlink");
    let at = |name: &str| directory.0.join(name);
    for (version, per_second) in [("..v1", "50"), ("..v2", "7")] {
        fs::create_dir_all(at(version)).unwrap();
        fs::write(at(version).join("control.toml"), rate(per_second)).unwrap();
    }
    // As Kubernetes mounts it: file -> ..data/file, ..data -> ..v1.
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, at(name)).unwrap();
    link("..v1", "..data");
    link("..data/control.toml", "control.toml");
    let (control, _files) = observed();
    let _watch = watched(&control, &directory);
    assert_eq!(rate_of(&control), Some(50.0));
    link("..v2", "..new");
    fs::rename(at("..new"), at("..data")).unwrap();
    looked_at().await;
    assert_eq!(rate_of(&control), Some(7.0));
}

#[tokio::test(start_paused = true)]
async fn what_changes_without_a_newer_time_is_seen() {
    let directory = Directory::new("old-time");
    let path = directory.write(&rate("50"));
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let (control, _files) = observed();
    let _watch = watched(&control, &directory);
    let path = directory.write(&rate("70"));
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(modified).unwrap();
    looked_at().await;
    assert_eq!(rate_of(&control), Some(70.0));
}

#[tokio::test(start_paused = true)]
async fn when_it_is_dropped_the_file_is_watched_no_longer_and_what_it_wanted_stays() {
    let directory = Directory::new("dropped");
    directory.write(&rate("50"));
    let (control, _files) = observed();
    let watch = watched(&control, &directory);
    assert_eq!(watch.path(), directory.path());
    drop(watch);
    directory.edit(&rate("7")).await;
    assert_eq!(rate_of(&control), Some(50.0));
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_when_nobody_is_left() {
    let directory = Directory::new("nobody");
    directory.write(&rate("50"));
    let (control, files) = observed();
    let _watch = watched(&control, &directory);
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    assert_eq!(tasks(), 1);
    drop(control);
    looked_at().await;
    assert_eq!(tasks(), 0);
    assert_eq!(Arc::strong_count(&files), 1);
}

#[tokio::test(start_paused = true)]
async fn two_files_leave_each_other_alone() {
    let (one, other) = (Directory::new("one"), Directory::new("other"));
    one.write(&planned(after(secs(60)), after(secs(90))));
    other.write(&planned(after(secs(70)), after(secs(95))));
    let (control, _files) = observed();
    let _watches = [watched(&control, &one), watched(&control, &other)];
    one.edit("").await;
    assert_eq!(control.snapshot(GATEWAY).unwrap().planned.len(), 1);
}
