//! Enums whose variants have a word of their own, as it is kept in rows and told to scripts.

/// A word that none of an enum's variants has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord(pub String);

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the unknown word {:?}", self.0)
    }
}

impl std::error::Error for UnknownWord {}

/// Makes such an enum, with `ALL`, `as_str` and `parse`. What is read back must be one of its words; with `or VARIANT`
/// a word that is none reads as that variant.
macro_rules! named {
    ($(#[$about:meta])* pub enum $name:ident or $other:ident { $($body:tt)+ }) => {
        $crate::named::named!(@words $(#[$about])* pub enum $name { $($body)+ });

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::parse(&word).unwrap_or(Self::$other)
            }
        }
    };
    ($(#[$about:meta])* pub enum $name:ident { $($body:tt)+ }) => {
        $crate::named::named!(@words $(#[$about])* pub enum $name { $($body)+ });

        impl TryFrom<String> for $name {
            type Error = $crate::UnknownWord;

            fn try_from(word: String) -> Result<Self, Self::Error> {
                Self::parse(&word).ok_or($crate::UnknownWord(word))
            }
        }
    };
    (@words $(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word, as it is kept and told.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// From its word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use named;
