//! A network address, shortened before it is kept.

use std::net::IpAddr;

/// What counters share: one IPv4 address, or one IPv6 /64.
pub fn counter_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", s[0], s[1], s[2], s[3])
        }
    }
}

/// What is kept and shown to staff: IPv4 /24, IPv6 /48.
pub fn shortened(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let o = v4.octets();
            format!("{}.{}.{}.0/24", o[0], o[1], o[2])
        }
        IpAddr::V6(v6) => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}::/48", s[0], s[1], s[2])
        }
    }
}

/// The networks around one: IPv4 /24 and /16, IPv6 /48 and /32.
pub fn wider(address: IpAddr) -> [String; 2] {
    let widest = match address.to_canonical() {
        IpAddr::V4(v4) => format!("{}.{}.0.0/16", v4.octets()[0], v4.octets()[1]),
        IpAddr::V6(v6) => format!("{:x}:{:x}::/32", v6.segments()[0], v6.segments()[1]),
    };
    [shortened(address), widest]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_addresses() {
        let at = |s: &str| s.parse::<IpAddr>().unwrap();
        assert_eq!(counter_key(at("203.0.113.7")), "203.0.113.7");
        assert_eq!(counter_key(at("::ffff:203.0.113.7")), "203.0.113.7");
        assert_eq!(counter_key(at("2001:db8:1:2:aaaa::1")), counter_key(at("2001:db8:1:2:bbbb::9")));
        assert_eq!(shortened(at("203.0.113.7")), "203.0.113.0/24");
        assert_eq!(shortened(at("2001:db8:1:2::1")), "2001:db8:1::/48");
        assert_eq!(wider(at("203.0.113.7")), ["203.0.113.0/24", "203.0.0.0/16"]);
        assert_eq!(wider(at("2001:db8:1:2::1")), ["2001:db8:1::/48", "2001:db8::/32"]);
    }
}
