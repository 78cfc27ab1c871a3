//! Lists that can be asked: by title, by our reference and the parties' own, and by the name of another party.

use holdfast::exec;
use holdfast::store::search;

use crate::browser::Browser;
use crate::deal::Deal;
use crate::home::{BUYER, SELLER, older, references};
use crate::world::{World, both};

/// Éloïse buys what is called "Façade No. 5" from Bilel, who calls it PO-2026/Ñ7.
async fn facade(world: &World) -> Deal {
    world.account("Éloïse Durand", BUYER).await;
    world.account("Bilel Seller", SELLER).await;
    let mut terms = world.one_off(50_000);
    terms.title = "Façade No. 5".to_owned();
    terms.external_reference = Some("PO-2026/Ñ7".to_owned());
    world.proposes_to(terms, &[("dorra@example.com", &[9_000])]).await
}

async fn found(browser: &mut Browser, search: &str) -> Vec<String> {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("q", search).finish();
    let page = browser.get(&format!("/escrows?{query}")).await;
    page.is(200);
    references(&page)
}

both! {
    async fn parties_find_their_own_by_what_they_know_of_it(world) {
        let deal = facade(&world).await;
        world.account("Dorra Payee", "dorra@example.com").await;
        world.account("Sami Stranger", "sami@example.com").await;
        world.proposes(world.one_off(70_000)).await;
        let (mut buyer, mut seller) = (world.signed_in(BUYER).await, world.signed_in(SELLER).await);
        let part = deal.reference[4..8].to_lowercase();
        for typed in ["facade", " FAÇADE no. 5 ", "fac\u{327}ade", "po-2026/n7", "PO-2026", part.as_str()] {
            for browser in [&mut buyer, &mut seller] {
                assert!(found(browser, typed).await.contains(&deal.reference), "{typed}");
            }
        }
        assert_eq!(found(&mut seller, "eloise DURAND").await.len(), 2, "both are hers");
        assert_eq!(found(&mut buyer, "Bilel").await.len(), 2);
        for nothing in ["Bilel", "fa%ade", "fa_ade", "Sami", "dorra"] {
            assert!(found(&mut seller, nothing).await.is_empty(), "{nothing}");
        }
        let mut payee = world.signed_in("dorra@example.com").await;
        assert_eq!(found(&mut payee, "facade").await, [&*deal.reference]);
        for hidden in ["PO-2026", "eloise", "bilel"] {
            assert!(found(&mut payee, hidden).await.is_empty(), "{hidden}");
        }
        let mut stranger = world.signed_in("sami@example.com").await;
        for typed in ["facade", "PO-2026", "eloise", part.as_str()] {
            assert!(found(&mut stranger, typed).await.is_empty(), "{typed}");
        }
        let over = seller.get("/escrows?show=over&q=facade").await;
        over.shows("None of these escrows has “ facade ”");
        world.operator("olfa@example.com").await;
        let mut olfa = world.signed_in("olfa@example.com").await;
        for typed in ["po-2026%2Fn7", "FACADE", "eloise"] {
            for path in ["/admin/escrows", "/admin/search"] {
                olfa.get(&format!("{path}?q={typed}")).await.shows(&deal.reference);
            }
        }
        olfa.get("/admin/users?q=eloise").await.shows("Éloïse Durand");
    }
}

both! {
    async fn what_is_found_comes_by_pages(world) {
        world.account("Amel Buyer", BUYER).await;
        for number in 0..30 {
            world.app.clock.advance(time::Duration::seconds(1));
            let mut terms = world.one_off(50_000);
            terms.title = if number % 3 == 0 { "A gate".to_owned() } else { "Élan".to_owned() };
            world.proposes(terms.clone()).await;
            world.proposes(terms).await;
        }
        let mut buyer = world.signed_in(BUYER).await;
        let first = buyer.get("/escrows?q=elan").await;
        assert_eq!(references(&first).len(), 25);
        first.hides("A gate");
        let next = buyer.get(&older(&first).unwrap()).await;
        assert_eq!(references(&next).len(), 15);
        next.hides("A gate");
    }
}

both! {
    async fn what_was_written_before_is_filled_in(world) {
        let deal = facade(&world).await;
        let mut tx = world.app.db.write().await.unwrap();
        exec!(&mut tx.conn(), "UPDATE escrows SET title_search = NULL, external_search = NULL").unwrap();
        exec!(&mut tx.conn(), "UPDATE users SET name_search = NULL").unwrap();
        tx.commit().await.unwrap();
        let mut seller = world.signed_in(SELLER).await;
        assert!(found(&mut seller, "eloise").await.is_empty());
        search::fill(&world.app.db).await.unwrap();
        for typed in ["facade", "po-2026/n7", "eloise"] {
            assert_eq!(found(&mut seller, typed).await, [&*deal.reference], "{typed}");
        }
    }
}
