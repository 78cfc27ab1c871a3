//! The icons, Lucide's, inlined into the pages. An icon never stands alone: words say the same beside it.

use std::fmt;

macro_rules! icons {
    ($($name:ident $file:literal)*) => {
        /// One of Lucide's drawings; `Display` writes it as inline SVG, hidden from screen readers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Icon { $($name,)* }

        impl Icon {
            /// Every icon there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            fn file(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("../../static/icons/", $file, ".svg")),)* }
            }
        }
    };
}

icons! {
    ArrowLeft "arrow-left"
    ArrowRight "arrow-right"
    Banknote "banknote"
    Bell "bell"
    Building2 "building-2"
    Calendar "calendar"
    Check "check"
    ChevronDown "chevron-down"
    ChevronRight "chevron-right"
    CircleAlert "circle-alert"
    CircleCheck "circle-check"
    CircleCheckBig "circle-check-big"
    CircleDashed "circle-dashed"
    CircleHelp "circle-help"
    CirclePause "circle-pause"
    CircleX "circle-x"
    Clock "clock"
    ClockAlert "clock-alert"
    Coins "coins"
    Copy "copy"
    CreditCard "credit-card"
    Download "download"
    ExternalLink "external-link"
    Eye "eye"
    FileCheck "file-check"
    FilePenLine "file-pen-line"
    FileText "file-text"
    Fingerprint "fingerprint"
    Flag "flag"
    Gavel "gavel"
    HandCoins "hand-coins"
    Handshake "handshake"
    History "history"
    Hourglass "hourglass"
    Info "info"
    KeyRound "key-round"
    Landmark "landmark"
    LayoutDashboard "layout-dashboard"
    ListChecks "list-checks"
    Lock "lock"
    LockOpen "lock-open"
    LogOut "log-out"
    Mail "mail"
    MailCheck "mail-check"
    Menu "menu"
    MessageSquare "message-square"
    Package "package"
    PackageCheck "package-check"
    Paperclip "paperclip"
    Pencil "pencil"
    Percent "percent"
    Plus "plus"
    ReceiptText "receipt-text"
    RefreshCw "refresh-cw"
    Scale "scale"
    Search "search"
    Send "send"
    Settings "settings"
    ShieldCheck "shield-check"
    Smartphone "smartphone"
    TriangleAlert "triangle-alert"
    Undo2 "undo-2"
    Upload "upload"
    User "user"
    UserPlus "user-plus"
    Users "users"
    Wallet "wallet"
    X "x"
}

impl Icon {
    /// The shapes between the outer tags; the stylesheet says the rest, once for all icons.
    fn shapes(self) -> &'static str {
        let file = self.file().trim_end();
        let start = file.find('>').map_or(0, |at| at + 1);
        file.get(start..).and_then(|rest| rest.strip_suffix("</svg>")).unwrap_or_default()
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>"#, self.shapes())
    }
}

impl askama::filters::HtmlSafe for Icon {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_has_shapes_and_no_scripts() {
        for icon in Icon::ALL {
            assert!(icon.shapes().starts_with('<') && icon.shapes().ends_with("/>"), "{icon:?}");
            assert!(!icon.shapes().contains("style") && !icon.shapes().contains("script"), "{icon:?}");
        }
    }
}
