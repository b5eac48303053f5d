//! The policies of a request. A document is kept as the text it is, so that a fault in it has its line.

use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::limits::LEVELS_MAX;
use super::names::{PolicyName, some};
use super::request::{RequestError, at, part, start, whole};
use crate::domain::iam::Policy;
use crate::domain::simulation::{Named, OfResource, Policed};

/// The policies of every place; one that is left out has none.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Policies<'a> {
    #[serde(default, borrow)]
    pub(super) identity: Layer<'a>,
    #[serde(default, borrow, deserialize_with = "some")]
    pub(super) resource: Option<Resource<'a>>,
    #[serde(default, borrow)]
    pub(super) boundary: Layer<'a>,
    #[serde(default, borrow)]
    pub(super) session: Layer<'a>,
    #[serde(default, borrow)]
    pub(super) scps: Levels<'a>,
    #[serde(default, borrow)]
    pub(super) rcps: Levels<'a>,
}

/// One policy.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    name: &'a RawValue,
    #[serde(borrow)]
    document: &'a RawValue,
}

/// `"none"`, `"assumed"`, `"unread"`, or a list of policies.
#[derive(Default)]
pub(super) enum Layer<'a> {
    #[default]
    None,
    Assumed,
    Unread,
    By(Vec<Entry<'a>>),
}

/// One layer for each level.
#[derive(Deserialize, Default)]
#[serde(transparent)]
pub(super) struct Levels<'a>(#[serde(borrow)] Vec<Layer<'a>>);

/// The policy of what is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resource<'a> {
    kind: Kind,
    #[serde(borrow)]
    policy: OneOrUnread<'a>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Trust,
    Attached,
}

/// One policy, or `"unread"`.
enum OneOrUnread<'a> {
    Unread,
    One(Entry<'a>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Layer<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Layer<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`none`, `assumed`, `unread`, or a list of policies")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Layer<'de>, E> {
                match word {
                    "none" => Ok(Layer::None),
                    "assumed" => Ok(Layer::Assumed),
                    "unread" => Ok(Layer::Unread),
                    other => Err(E::unknown_variant(other, &["none", "assumed", "unread"])),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Layer<'de>, A::Error> {
                let entries = Vec::<Entry<'de>>::deserialize(SeqAccessDeserializer::new(items))?;
                if entries.is_empty() {
                    return Err(A::Error::custom("the list of policies is empty: write \"none\" where there is none"));
                }
                Ok(Layer::By(entries))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for OneOrUnread<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = OneOrUnread<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`unread`, or a policy")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<OneOrUnread<'de>, E> {
                match word {
                    "unread" => Ok(OneOrUnread::Unread),
                    other => Err(E::unknown_variant(other, &["unread"])),
                }
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, entries: A) -> Result<OneOrUnread<'de>, A::Error> {
                Entry::deserialize(serde::de::value::MapAccessDeserializer::new(entries)).map(OneOrUnread::One)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Layer<'_> {
    /// `text` is the whole request.
    pub(super) fn lower(self, text: &str) -> Result<Policed, RequestError> {
        Ok(match self {
            Self::None => Policed::None,
            Self::Assumed => Policed::Assumed,
            Self::Unread => Policed::Unread,
            Self::By(entries) => {
                Policed::By(entries.into_iter().map(|entry| entry.lower(text)).collect::<Result<_, _>>()?)
            }
        })
    }
}

impl Levels<'_> {
    /// `text` is the whole request.
    pub(super) fn lower(self, text: &str) -> Result<Vec<Policed>, RequestError> {
        let found = self.0.len();
        if found > LEVELS_MAX {
            return Err(whole(&format!("has {found} levels of control policies: at most {LEVELS_MAX}")));
        }
        self.0.into_iter().map(|layer| layer.lower(text)).collect()
    }
}

impl Resource<'_> {
    /// `text` is the whole request.
    pub(super) fn lower(self, text: &str) -> Result<OfResource, RequestError> {
        let policy = match self.policy {
            OneOrUnread::Unread => None,
            OneOrUnread::One(entry) => Some(entry.lower(text)?),
        };
        Ok(match self.kind {
            Kind::Trust => OfResource::Trust(policy),
            Kind::Attached => OfResource::Attached(policy),
        })
    }
}

impl Entry<'_> {
    fn lower(self, text: &str) -> Result<Named, RequestError> {
        let Self { name, document } = self;
        let PolicyName(name) = part(text, name)?;
        let (raw, start) = (document.get(), start(text, document));
        let fault = |offset: usize, message: &str| at(text, start + offset, &format!("the policy `{name}` {message}"));
        // A policy that was fetched is often kept as the text of it.
        if raw.starts_with('"') {
            let inner: String = serde_json::from_str(raw).map_err(|error| fault(0, &error.to_string()))?;
            let policy = Policy::parse(&inner).map_err(|error| fault(0, &error.message))?;
            return Ok(Named { name, policy });
        }
        let policy = Policy::parse(raw).map_err(|error| fault(error.at.map_or(0, |at| at.start), &error.message))?;
        Ok(Named { name, policy })
    }
}
