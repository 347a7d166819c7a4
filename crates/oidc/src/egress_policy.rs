//! What may be connected to: nothing inside, unless the operator's own settings lead there.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The hosts inside that the operator's settings name.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    inward: BTreeSet<(String, u16)>,
    /// Hosts whose names do not show where they are.
    named: BTreeSet<String>,
}

fn place(url: &Url) -> Option<(String, u16)> {
    Some((url.host_str()?.to_ascii_lowercase(), url.port_or_known_default()?))
}

impl Reach {
    /// Lets everything be reached that stands where one of these URLs does.
    pub fn allowing<'u>(urls: impl Iterator<Item = &'u Url>) -> Self {
        let places: Vec<(&Url, (String, u16))> = urls.filter_map(|url| Some((url, place(url)?))).collect();
        Self {
            named: places.iter().map(|(_, (host, _))| host.clone()).collect(),
            inward: places.into_iter().filter(|(url, _)| leads_inward(url)).map(|(_, place)| place).collect(),
        }
    }

    /// Whether a URL may be asked, as far as it shows by itself. Names are looked at again
    /// when they are resolved.
    pub fn permits(&self, url: &Url) -> bool {
        let named = place(url).is_some_and(|place| self.inward.contains(&place));
        match url.scheme() {
            "https" => named || !leads_inward(url),
            "http" => named,
            _ => false,
        }
    }
}

/// Whether a URL's host is this machine or one of its own networks, as far as it shows.
pub fn leads_inward(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => !is_outside(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => !is_outside(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost") || name.ends_with(".internal") || !name.contains('.')
        }
        None => true,
    }
}

/// Whether an address belongs to the public internet (IANA special-purpose registries).
pub fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_outside_v4(v4),
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_outside_v4(v4);
            }
            let part = v6.segments();
            let embedded = |high: u16, low: u16| {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                Ipv4Addr::new(a, b, c, d)
            };
            match part {
                // NAT64 and 6to4 carry an IPv4 address.
                [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_outside_v4(embedded(high, low)),
                [0x2002, high, low, ..] => is_outside_v4(embedded(high, low)),
                _ => {
                    v6 != Ipv6Addr::LOCALHOST
                        && !v6.is_unspecified()
                        && !v6.is_multicast()
                        && part[0] & 0xfe00 != 0xfc00
                        && part[0] & 0xffc0 != 0xfe80
                        && !(part[0] == 0x2001 && part[1] == 0xdb8)
                        && part[0] & 0xe000 == 0x2000
                }
            }
        }
    }
}

fn is_outside_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_unspecified()
        || v4.is_broadcast()
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

/// Resolves names; what leads inward is left out, so that no name can be bound anew to it.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let named = self.named.contains(&host);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let fit: Vec<SocketAddr> = found.into_iter().filter(|address| named || is_outside(address.ip())).collect();
            if fit.is_empty() {
                return Err(format!("{host} leads inward or nowhere").into());
            }
            Ok(Box::new(fit.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inside_is_reached_unless_it_is_named() {
        let own = Url::parse("http://127.0.0.1:4000/authorize").unwrap();
        let reach = Reach::allowing([own].iter());
        for (url, fine) in [
            ("http://127.0.0.1:4000/token", true),
            ("http://127.0.0.1:4001/token", false),
            ("http://169.254.169.254/latest/meta-data", false),
            ("https://169.254.169.254/", false),
            ("https://[::ffff:10.0.0.1]/", false),
            ("https://[fd00::1]/", false),
            ("https://[64:ff9b::7f00:1]/", false),
            ("https://10.1.2.3/", false),
            ("https://100.64.0.1/", false),
            ("https://0x7f.1/", false),
            ("https://localhost/", false),
            ("https://metadata.google.internal/", false),
            ("https://printer/", false),
            ("https://accounts.example.com/", true),
            ("https://8.8.8.8/", true),
            ("http://accounts.example.com/", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(reach.permits(&Url::parse(url).unwrap()), fine, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_is_bound_inward_is_not_resolved() {
        let name: Name = "localhost".parse().unwrap();
        assert!(Reach::default().resolve(name).await.is_err());
        let own = Url::parse("http://localhost:4000/").unwrap();
        assert!(Reach::allowing([own].iter()).resolve("localhost".parse().unwrap()).await.is_ok());
    }
}
