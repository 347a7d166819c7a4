//! Worlds that are put together by chance from a cause, a person, a browser with its obstacles, a time line and noise. The
//! truth is what was put in; the same seed gives the same worlds.

mod causes;

use self::causes::{browser, credential, external, mixture, twisted};
use super::scenario::{Knows, Scenario, ServerKind};

/// Steele et al., "Fast splittable pseudorandom number generators", 2014: small, and the same everywhere.
pub(super) struct Chance(u64);

impl Chance {
    fn of(seed: u64, number: u64) -> Self {
        let mut chance = Self(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        let most = u64::try_from(most.max(1)).unwrap_or(1);
        usize::try_from(self.next() % most).unwrap_or(0)
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).copied()
    }

    fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).unwrap_or_default()
    }
}

type Steps = Vec<Vec<String>>;

fn step(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Who it is about.
struct Person {
    /// How they write their name at the door.
    login: &'static str,
    password: String,
    /// The browser that they use.
    browser: &'static str,
    /// Whether they know their password; whoever does not can still read their mail.
    remembers: bool,
}

const WORDS: [&str; 16] = [
    "tamago", "Sakura", "yakumo", "Hokkaido", "ramune", "origami", "Kazoku", "suika", "tanuki", "Momiji", "hotaru",
    "yuki", "Asagao", "kitsune", "sora", "Umi",
];

impl Person {
    fn by(chance: &mut Chance) -> Self {
        let mut password = String::new();
        for part in 0..3 {
            if part > 0 {
                password.push_str(chance.word(&["-", "_", " ", ".", "+", "@"]));
            }
            password.push_str(chance.word(&WORDS));
        }
        password.push_str(&(10 + chance.below(9_990)).to_string());
        Self {
            login: chance.word(&["{id}", "{id}", "{id}@example.jp", " {id}", "{id}@Example.JP"]),
            password,
            browser: chance.word(&["chrome", "safari", "firefox"]),
            remembers: !chance.one_in(3),
        }
    }
}

/// What real logs are full of, and what stops nobody.
fn noise(chance: &mut Chance, person: &Person, town: bool) -> Steps {
    let mut steps = vec![step(&["password", &person.password]), step(&["browser", "b", person.browser])];
    if chance.one_in(3) {
        steps.push(step(&["get", chance.word(&["/help", "/status", "/help/credential.password", "/sign-up"])]));
    }
    if chance.one_in(4) {
        steps.push(step(&["cookie", chance.word(&["theme=dark", "_ga=GA1.2.3; _gid=GA1.2.4", "cart=3; seen=1"])]));
    }
    if chance.one_in(4) {
        // Their phone is signed in, days ago.
        steps.push(step(&["browser", "phone", "safari"]));
        steps.push(step(&["sign_in", "{id}", &person.password]));
        steps.push(step(&["age", chance.word(&["20m", "5h", "3d"])]));
        steps.push(step(&["browser", "b", person.browser]));
    }
    if chance.one_in(6) {
        // Something else went wrong here, and is over.
        steps.push(step(&["sign_in", "{id}", "something quite else 77"]));
        steps.push(step(&["age", chance.word(&["25m", "2h", "2d"])]));
    }
    if chance.one_in(5) && !town {
        steps.push(step(&["script_off"]));
    }
    steps.push(step(&["get", "/sign-in"]));
    steps
}

/// The world of that number.
fn world(seed: u64, number: usize) -> Scenario {
    let mut chance = Chance::of(seed, u64::try_from(number).unwrap_or(0));
    let person = Person::by(&mut chance);
    let made = match chance.below(10) {
        0..=3 => credential(&mut chance, &person),
        4..=5 => twisted(&mut chance, &person),
        6 => browser(&mut chance, &person),
        7..=8 => external(&mut chance, &person),
        _ => mixture(&mut chance, &person),
    };
    let town = made.server == ServerKind::Town;
    let mut steps = noise(&mut chance, &person, town);
    steps.extend(made.steps);
    Scenario {
        name: format!("world {seed}/{number}"),
        truth: made.truth.iter().map(|slug| (*slug).to_owned()).collect(),
        author: "generated".to_owned(),
        server: made.server,
        steps,
        knows: Some(Knows { password: made.remembers.then_some(person.password), can_get_in: made.can_get_in }),
        ..Scenario::default()
    }
}

/// `count` worlds of a seed.
pub(super) fn generate(seed: u64, count: usize) -> Vec<Scenario> {
    (0..count).map(|number| world(seed, number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_worlds_and_another_gives_others() {
        let told = |seed| format!("{:?}", generate(seed, 40));
        assert_eq!(told(1), told(1));
        assert_ne!(told(1), told(2));
        let causes: std::collections::BTreeSet<String> =
            generate(7, 2_000).into_iter().filter_map(|world| world.truth.into_iter().next()).collect();
        assert!(causes.len() >= 25, "{causes:?}");
    }
}
