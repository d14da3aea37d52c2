//! What is drawn, and what the keys do.

use super::*;
use crate::model::scenario::Scenario;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyEvent;

/// The screen after so many steps of the storm, line by line.
fn drawn(screen: &Screen) -> String {
    let mut terminal = Terminal::new(TestBackend::new(120, 30)).unwrap();
    terminal.draw(|frame| draw::screen(frame, screen)).unwrap();
    terminal.backend().to_string()
}

fn key(code: KeyCode) -> Option<Wish> {
    wish(&Event::Key(KeyEvent::from(code)))
}

#[test]
fn every_service_has_a_row_and_the_gateway_its_load() {
    let storm = Storm::start(Scenario::default()).unwrap();
    let mut screen = Screen::new(60);
    assert!(drawn(&screen).contains("the storm gathers"));
    // Two minutes into the window.
    for _ in 0..144 {
        screen.take(storm.step());
    }
    let picture = drawn(&screen);
    for part in [
        "+02:00",
        "maintenance, 18:00 left",
        "service 14",
        "503 Retry-After: 1200",
        "42 open",
        "requests/min at the gateway",
        "q quit",
    ] {
        assert!(picture.contains(part), "{part}:\n{picture}");
    }
}

#[test]
fn a_small_terminal_shows_what_fits() {
    let storm = Storm::start(Scenario::default()).unwrap();
    let mut screen = Screen::new(60);
    screen.take(storm.step());
    for size in [(1, 1), (20, 5), (300, 3)] {
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| draw::screen(frame, &screen)).unwrap();
    }
}

#[test]
fn keys_pause_hurry_and_end() {
    let storm = Storm::start(Scenario::default()).unwrap();
    let mut screen = Screen::new(60);
    assert!(!screen.fulfil(key(KeyCode::Char(' ')).unwrap(), &storm) && screen.is_paused);
    screen.fulfil(key(KeyCode::Char('+')).unwrap(), &storm);
    assert_eq!(screen.speed, 120);
    for _ in 0..20 {
        screen.fulfil(key(KeyCode::Char('-')).unwrap(), &storm);
    }
    assert_eq!(screen.speed, 1);
    assert!(screen.fulfil(key(KeyCode::Char('q')).unwrap(), &storm));
    assert_eq!(key(KeyCode::Char('x')), None);
    assert_eq!(wish(&Event::FocusLost), None);
}

#[test]
fn ctrl_c_ends_and_is_no_order() {
    let with_control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(wish(&Event::Key(with_control)), Some(Wish::Quit));
    assert_eq!(key(KeyCode::Char('c')), Some(Wish::Order(Order::Close)));
}

#[test]
fn a_storm_that_is_over_stays_on_the_screen() {
    let mut screen = Screen::new(60);
    screen.take(None);
    assert!(screen.is_over);
}
