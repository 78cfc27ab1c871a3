//! People and deals for tests, made through the engine as the pages make them: worked case 4 of the
//! domain, 1000.000 TND in two milestones with a broker, and the same for one delivery without one.

use holdfast::engine::chain::salted_hex;
use holdfast::engine::command::Command;
use holdfast::engine::escrow::{ChargeState, Escrow, Method};
use holdfast::engine::party::Role;
use holdfast::engine::terms::{
    Commission, CommissionPayer, DefaultOutcome, DisputeHandler, FeePayer, FeeSchedule, Funding, Kind,
    MilestoneTerms, Mode, Rate, Recipient, Terms, TermsParty,
};
use holdfast::money::Currency;
use holdfast::store::execute::{Evidence, Outcome, Request, Who};
use holdfast::store::proposals::{Named, Proposal, propose};
use holdfast::store::{escrows, ledger, users};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::world::World;

/// The address of the arbiter, where the terms want one.
pub const ARBITER: &str = "nadia@example.com";

/// An escrow and who takes part in it.
#[derive(Clone, Debug)]
pub struct Deal {
    pub escrow: Uuid,
    pub reference: String,
    pub buyer: Uuid,
    pub seller: Uuid,
    pub broker: Option<Uuid>,
}

impl Deal {
    /// Its page, and what stands below it: `deal.path("/pay")`.
    pub fn path(&self, below: &str) -> String {
        format!("/escrows/{}{below}", self.reference)
    }

    /// Everyone with a role.
    pub fn people(&self) -> impl Iterator<Item = Uuid> {
        [Some(self.buyer), Some(self.seller), self.broker].into_iter().flatten()
    }
}

impl World {
    /// Somebody with a confirmed account and the tests' password; asked again, the same person.
    pub async fn person(&self, name: &str) -> Uuid {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let known = users::by_email(&mut self.app.db.read().await.unwrap().conn(), &email).await.unwrap();
        match known.filter(|known| known.is_confirmed()) {
            Some(known) => known.id,
            None => self.account(name, &email).await,
        }
    }

    /// Whoever has this address.
    pub async fn person_of(&self, email: &str) -> Option<Uuid> {
        let known = users::by_email(&mut self.app.db.read().await.unwrap().conn(), email).await.unwrap();
        known.map(|known| known.id)
    }

    /// Worked case 4, sent by the broker and not signed by anyone: Amel buys, Bilel sells, Chiraz brokers.
    pub async fn proposed(&self) -> Deal {
        self.proposes(self.case_4()).await
    }

    /// Worked case 4, signed by everyone: the buyer is to pay 1,010.000 TND.
    pub async fn agreed(&self) -> Deal {
        let deal = self.proposed().await;
        self.all_sign(&deal).await;
        deal
    }

    /// Worked case 4, paid: 1,010.000 TND are held.
    pub async fn funded(&self) -> Deal {
        let deal = self.agreed().await;
        self.pays(&deal).await;
        deal
    }

    /// The terms of worked case 4: two milestones of 400 and 600 TND, due in 30 and 60 days; 5 % for the
    /// broker out of the seller's share; the platform's 1 % on top, paid by the buyer.
    pub fn case_4(&self) -> Terms {
        let tnd = Currency::from_code("TND").unwrap();
        let due = |days| self.app.clock.now().plus_days(days);
        let part = |title: &str, amount_minor, days| MilestoneTerms {
            title: title.to_owned(),
            description: String::new(),
            amount_minor,
            due: Some(due(days)),
            inspection_days: 3,
            criteria: vec!["It works".to_owned(), "It is documented".to_owned()],
            recipients: Vec::new(),
        };
        Terms {
            title: "A web shop".to_owned(),
            description: String::new(),
            mode: Mode::Standard,
            kind: Kind::Milestone,
            currency: tnd,
            amount_minor: 1_000_000,
            parties: Vec::new(),
            milestones: vec![part("Design", 400_000, 30), part("Shop", 600_000, 60)],
            fee: FeeSchedule::default(),
            fee_payer: FeePayer::Buyer,
            commission: Some(Commission {
                rate: Rate::Percent(Decimal::from(5)),
                payer: CommissionPayer::Seller,
                hidden: false,
                salt: String::new(),
            }),
            dispute_handler: DisputeHandler::Platform,
            default_outcome: DefaultOutcome::Halves,
            arbiter: None,
            contract_terms: Some("Work for money.".to_owned()),
            delivery_days: None,
            proof_upload_hours: None,
            proof_review_hours: None,
            funding: Funding::Whole,
            pay_first: false,
            external_reference: None,
            files: Vec::new(),
            time_zone: "Africa/Tunis".to_owned(),
        }
    }

    /// One delivery of `amount_minor` within ten days, without a broker.
    pub fn one_off(&self, amount_minor: i64) -> Terms {
        let mut terms = self.case_4();
        terms.kind = Kind::OneOff;
        terms.amount_minor = amount_minor;
        terms.milestones.truncate(1);
        terms.milestones[0].amount_minor = amount_minor;
        terms.milestones[0].due = None;
        terms.delivery_days = Some(10);
        terms.commission = None;
        terms
    }

    /// Sends terms: by the broker where they have a commission, else by the seller.
    pub async fn proposes(&self, terms: Terms) -> Deal {
        self.proposes_to(terms, &[]).await
    }

    /// The same with others who are paid too: the address of each, and what he gets of every milestone.
    pub async fn proposes_to(&self, terms: Terms, payees: &[(&str, &[i64])]) -> Deal {
        let has_broker = terms.commission.is_some();
        self.proposes_among(terms, has_broker, payees).await
    }

    /// The same with a broker, or without one.
    pub async fn proposes_among(
        &self,
        mut terms: Terms,
        has_broker: bool,
        payees: &[(&str, &[i64])],
    ) -> Deal {
        let (buyer, seller) = (self.person("Amel Buyer").await, self.person("Bilel Seller").await);
        let mut parties = vec![
            (Role::Buyer, "amel.buyer@example.com".to_owned()),
            (Role::Seller, "bilel.seller@example.com".to_owned()),
        ];
        let mut broker = None;
        if has_broker {
            broker = Some(self.person("Chiraz Broker").await);
            parties.push((Role::Broker, "chiraz.broker@example.com".to_owned()));
        }
        parties.extend(payees.iter().map(|(email, _)| (Role::Payee, (*email).to_owned())));
        share(&mut terms, &parties, payees);
        let key = self.app.clock.secret();
        let creator = broker.unwrap_or(seller);
        let named = match terms.dispute_handler {
            DisputeHandler::Platform => Named::default(),
            DisputeHandler::Arbitration => Named {
                arbiter: Some(ARBITER.to_owned()),
                names: vec![(ARBITER.to_owned(), "Nadia Gharbi".to_owned())],
            },
        };
        let proposal = Proposal { creator, parties, terms, named, key, draft: None };
        let proposed = propose(&self.app.db, &self.app.clock, &proposal).await.unwrap();
        assert_eq!(proposed.executed.outcome, Outcome::Done);
        Deal { escrow: proposed.escrow, reference: proposed.reference, buyer, seller, broker }
    }

    /// Everyone signs the contract as it stands.
    pub async fn all_sign(&self, deal: &Deal) {
        self.sign_as(deal, None).await;
    }

    /// Everyone but the party in a role signs.
    pub async fn all_sign_but(&self, deal: &Deal, role: Role) {
        self.sign_as(deal, Some(role)).await;
    }

    async fn sign_as(&self, deal: &Deal, spared: Option<Role>) {
        for user in deal.people() {
            let escrow = self.escrow(deal).await;
            if escrow.party_of(user).map(|party| party.role) == spared {
                continue;
            }
            let salt = self.app.clock.random::<16>().to_vec();
            let command = Command::Sign {
                version: escrow.version,
                document_sha256: escrow.document_sha256.clone(),
                evidence_sha256: salted_hex(&salt, "A Name\n192.0.2.1\nFirefox"),
            };
            let evidence = Evidence::Signature {
                typed_name: "A Name".to_owned(),
                ip: "192.0.2.1".to_owned(),
                user_agent: "Firefox".to_owned(),
                salt,
            };
            let request =
                Request { evidence: Some(evidence), ..Request::new(deal.escrow, Who::User(user), command) };
            assert_eq!(self.app.execute(&request).await.unwrap(), Outcome::Done);
        }
    }

    /// The buyer pays with the sandbox's card and the provider's answer comes at once.
    pub async fn pays(&self, deal: &Deal) {
        let payment = self.starts_to_pay(deal).await;
        self.answers(deal, payment).await;
    }

    /// The provider says that a payment arrived.
    pub async fn answers(&self, deal: &Deal, payment: Uuid) {
        let settled = Request::new(deal.escrow, Who::Rail, Command::ChargeSettled { payment });
        assert_eq!(self.app.execute(&settled).await.unwrap(), Outcome::Done);
    }

    /// The buyer starts to pay with the sandbox's card; the payment is pending.
    pub async fn starts_to_pay(&self, deal: &Deal) -> Uuid {
        let method = Method::Rail { rail: "sandbox".to_owned() };
        assert_eq!(self.starts_charge(deal, method).await, Outcome::Done);
        let charge = self.escrow(deal).await.charge.unwrap();
        assert!(matches!(charge.state, ChargeState::Pending { .. }));
        charge.payment
    }

    /// The buyer starts to pay for every milestone.
    pub async fn starts_charge(&self, deal: &Deal, method: Method) -> Outcome {
        let payment = self.app.clock.id();
        let command = Command::StartCharge { payment, milestones: self.escrow(deal).await.to_pay(), method };
        self.asks(deal, deal.buyer, command).await
    }

    /// The seller hands a milestone over.
    pub async fn delivers(&self, deal: &Deal, milestone: u16) {
        let command = Command::MarkDone { milestone, note: "Here it is.".to_owned(), files: Vec::new() };
        assert_eq!(self.asks(deal, deal.seller, command).await, Outcome::Done);
    }

    /// The buyer approves all of a milestone.
    pub async fn approves(&self, deal: &Deal, milestone: u16) {
        let command = Command::Approve { milestone, part_minor: None };
        assert_eq!(self.asks(deal, deal.buyer, command).await, Outcome::Done);
    }

    /// Somebody asks for a command, and what came of it.
    pub async fn asks(&self, deal: &Deal, user: Uuid, command: Command) -> Outcome {
        let request = Request::new(deal.escrow, Who::User(user), command);
        self.app.execute(&request).await.unwrap()
    }

    /// The escrow as it stands.
    pub async fn escrow(&self, deal: &Deal) -> Escrow {
        let mut reader = self.app.db.read().await.unwrap();
        escrows::by_id(&mut reader.conn(), deal.escrow).await.unwrap().unwrap()
    }

    /// What somebody has in his wallet of dinars, in millimes.
    pub async fn wallet(&self, user: Uuid) -> i64 {
        let tnd = Currency::from_code("TND").unwrap();
        let mut reader = self.app.db.read().await.unwrap();
        ledger::wallet(&mut reader.conn(), user, tnd).await.unwrap()
    }
}

/// Gives the payees their lines and the seller the rest, by stand-ins for people who are looked up later.
fn share(terms: &mut Terms, parties: &[(Role, String)], payees: &[(&str, &[i64])]) {
    if payees.is_empty() {
        return;
    }
    let party = |(place, (role, _)): (u128, &(Role, String))| TermsParty {
        role: *role,
        user: Uuid::from_u128(place),
        identity_sha256: String::new(),
    };
    terms.parties = (1..).zip(parties).map(party).collect();
    let seller = terms.party(Role::Seller).unwrap().user;
    let users: Vec<Uuid> = terms.payees().map(|payee| payee.user).collect();
    for (index, part) in terms.milestones.iter_mut().enumerate() {
        let lines = users.iter().zip(payees).map(|(user, (_, sums))| (*user, sums[index]));
        let lines = lines.filter(|(_, sum)| *sum > 0);
        let lines: Vec<_> = lines.map(|(user, amount_minor)| Recipient { user, amount_minor }).collect();
        let given: i64 = lines.iter().map(|line| line.amount_minor).sum();
        part.recipients = vec![Recipient { user: seller, amount_minor: part.amount_minor - given }];
        part.recipients.extend(lines);
    }
}

mod tests {
    use crate::world::both;

    both! {
        async fn the_worked_case_can_be_paid_delivered_and_approved(world) {
            let deal = world.funded().await;
            assert_eq!(world.escrow(&deal).await.held_minor(), 1_010_000);
            world.delivers(&deal, 1).await;
            world.approves(&deal, 1).await;
            assert_eq!(world.wallet(deal.seller).await, 380_000);
            assert_eq!(world.wallet(deal.broker.unwrap()).await, 20_000);
            assert_eq!(world.escrow(&deal).await.held_minor(), 606_000);
        }
    }

    both! {
        async fn one_delivery_is_agreed_without_a_broker(world) {
            let deal = world.proposes(world.one_off(50_000)).await;
            world.all_sign(&deal).await;
            world.pays(&deal).await;
            assert_eq!(world.escrow(&deal).await.held_minor(), 50_500);
        }
    }
}
