//! The terminal: one row for each service, and the gateway's load above them.

mod draw;

use crate::storm::{Order, STEP, Storm};
use crate::view::View;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io;
use std::time::Duration;

/// The load of so many views is kept, for the line of it.
const REMEMBERED: usize = 1_000;
/// Nobody sees more pictures in a second.
const SHORTEST_WAIT: Duration = Duration::from_millis(30);

/// What is on the screen.
#[derive(Debug)]
struct Screen {
    view: Option<View>,
    /// Requests per minute at the gateway, the latest last.
    load: Vec<u64>,
    speed: u32,
    is_paused: bool,
    is_over: bool,
    ordered: Option<Order>,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Pause,
    Faster,
    Slower,
    Order(Order),
}

/// Shows the storm until it is left.
pub(crate) fn show(storm: &Storm, speed: u32) -> io::Result<()> {
    let mut terminal = ratatui::init();
    let result = Screen::new(speed).watch(storm, &mut terminal);
    ratatui::restore();
    result
}

impl Screen {
    const fn new(speed: u32) -> Self {
        Self {
            view: None,
            load: Vec::new(),
            speed,
            is_paused: false,
            is_over: false,
            ordered: None,
        }
    }

    fn watch(&mut self, storm: &Storm, terminal: &mut DefaultTerminal) -> io::Result<()> {
        loop {
            if !self.is_paused && !self.is_over {
                self.take(storm.step());
            }
            terminal.draw(|frame| draw::screen(frame, self))?;
            // A storm that stands still waits for a key.
            while event::poll(self.wait())? {
                if let Some(wish) = wish(&event::read()?)
                    && self.fulfil(wish, storm)
                {
                    return Ok(());
                }
                terminal.draw(|frame| draw::screen(frame, self))?;
            }
        }
    }

    fn take(&mut self, view: Option<View>) {
        let Some(view) = view else {
            self.is_over = true;
            return;
        };
        if self.load.len() == REMEMBERED {
            self.load.remove(0);
        }
        self.load.push(u64::from(view.seen.last_minute));
        self.view = Some(view);
    }

    /// Between two views, at this speed.
    fn wait(&self) -> Duration {
        (STEP / self.speed).max(SHORTEST_WAIT)
    }

    /// Whether it was the last wish.
    fn fulfil(&mut self, wish: Wish, storm: &Storm) -> bool {
        match wish {
            Wish::Quit => return true,
            Wish::Pause => self.is_paused = !self.is_paused,
            Wish::Faster => self.speed = (self.speed * 2).min(3_600),
            Wish::Slower => self.speed = (self.speed / 2).max(1),
            Wish::Order(order) => {
                self.ordered = Some(order);
                storm.order(order);
            }
        }
        false
    }
}

fn wish(event: &Event) -> Option<Wish> {
    let Event::Key(key) = event else { return None };
    if key.kind != KeyEventKind::Press {
        return None;
    }
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Wish::Quit),
        KeyCode::Char('q') | KeyCode::Esc => Some(Wish::Quit),
        KeyCode::Char(' ') => Some(Wish::Pause),
        KeyCode::Char('+' | '=') => Some(Wish::Faster),
        KeyCode::Char('-') => Some(Wish::Slower),
        KeyCode::Char('o') => Some(Wish::Order(Order::Open)),
        KeyCode::Char('c') => Some(Wish::Order(Order::Close)),
        KeyCode::Char('g') => Some(Wish::Order(Order::LiftGates)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
