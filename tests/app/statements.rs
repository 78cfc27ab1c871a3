//! No page asks the database more than six times, who reads it included.

use holdfast::store::db::counting;

use crate::home::{BUYER, SELLER, cast, many};
use crate::world::both;

const MOST: usize = 6;

both! {
    async fn no_page_needs_more_than_six_statements(world) {
        cast(&world).await;
        world.operator("olfa@example.com").await;
        many(&world, 30).await;
        let deal = world.funded().await;
        world.delivers(&deal, 1).await;
        world.approves(&deal, 1).await;
        world.delivers(&deal, 2).await;
        let of_parties = [
            "/home", "/escrows", "/escrows?show=drafts", "/escrows?show=needs-me", "/escrows?q=nothing",
            "/balances", "/balances/TND", "/notifications", "/nowhere",
        ];
        let of_escrow = ["", "/contract", "/history", "/milestones/1", "/milestones/2", "/milestones/2/inspect", "/pay"];
        let of_operators = [
            "/admin", "/admin/escrows", "/admin/escrows?q=shop", "/admin/escrows?q=webshops", "/admin/escrows?stage=active",
            "/admin/payments", "/admin/payments/notices", "/admin/ledger", "/admin/users", "/admin/mail", "/admin/jobs",
        ];
        let mut wanted: Vec<(&str, String)> = Vec::new();
        for email in [BUYER, SELLER] {
            wanted.extend(of_parties.iter().map(|path| (email, (*path).to_owned())));
            wanted.extend(of_escrow.iter().map(|below| (email, deal.path(below))));
        }
        let paid = world.escrow(&deal).await.charge.unwrap().payment;
        wanted.push((BUYER, deal.path(&format!("/pay/{paid}"))));
        wanted.extend(of_operators.iter().map(|path| ("olfa@example.com", (*path).to_owned())));
        let below = ["", "/ledger", "/history"].map(|below| format!("/admin/escrows/{}{below}", deal.reference));
        wanted.extend(below.map(|path| ("olfa@example.com", path)));
        let mut too_many = Vec::new();
        for (email, path) in wanted {
            let mut browser = world.signed_in(email).await;
            let (page, count) = counting(browser.get(&path)).await;
            println!("{count} {path} {} {}", page.status, page.body.len());
            assert!(count >= 2, "nothing was counted on {path}");
            if count > MOST {
                too_many.push(format!("{path}: {count}"));
            }
        }
        assert!(too_many.is_empty(), "{too_many:?}");
    }
}
